"""What this host's pip and uv use is lent in their own words; what cannot go along is named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from mlcontainers.engines.host import HostSecrets, find_links, host_secrets
from mlcontainers.engines.settings import pip_settings, uv_settings

if TYPE_CHECKING:
    from pathlib import Path

INDEX = "https://user:secret@index.example.com/simple"


@dataclass
class Host:
    """A host made of files and variables."""

    root: Path
    env: dict[str, str] = field(default_factory=dict[str, str])

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def pip(self) -> dict[str, str]:
        return pip_settings(self.env, self.root / "home", root=self.root)

    def uv(self) -> dict[str, str]:
        return uv_settings(self.env, self.root / "home", root=self.root)

    def secrets(self) -> HostSecrets:
        return host_secrets(self.env, self.root / "home", root=self.root)

    def files(self) -> dict[str, str]:
        return {name: content.decode() for name, content in self.secrets().files}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("the certificates", encoding="utf-8")
    return Host(tmp_path, {"SSL_CERT_FILE": str(bundle), "VIRTUAL_ENV": str(tmp_path / "venv")})


class TestPip:
    """pip's own order of precedence."""

    def test_later_files_win(self, host: Host) -> None:
        host.write("etc/xdg/pip/pip.conf", "[global]\nindex-url = shared\ncert = shared")
        host.write("etc/pip.conf", "[global]\nindex-url = global\ntimeout = 1")
        host.write("home/.config/pip/pip.conf", "[global]\nindex-url = user")

        assert host.pip() == {"index-url": "user", "cert": "shared", "timeout": "1"}

    def test_the_environment_of_python_wins_over_the_user(self, host: Host) -> None:
        host.write("home/.config/pip/pip.conf", "[global]\nindex-url = user")
        host.write("venv/pip.conf", "[global]\nindex-url = site")

        assert host.pip() == {"index-url": "site"}

    def test_a_section_for_install_wins_wherever_it_stands(self, host: Host) -> None:
        host.write("etc/pip.conf", "[install]\nindex_url = for-install")
        host.write("home/.config/pip/pip.conf", "[global]\nindex-url = user")

        assert host.pip() == {"index-url": "for-install"}

    def test_variables_win(self, host: Host) -> None:
        host.write("etc/pip.conf", "[global]\nindex-url = file")
        host.env["PIP_INDEX_URL"] = "variable"

        assert host.pip() == {"index-url": "variable"}

    def test_a_named_file_stands_for_the_users(self, host: Host) -> None:
        host.write("home/.config/pip/pip.conf", "[global]\ncert = user")
        host.env["PIP_CONFIG_FILE"] = str(host.write("own.conf", "[global]\nindex-url = own"))

        assert host.pip() == {"index-url": "own"}

    def test_the_null_device_stands_for_no_file_at_all(self, host: Host) -> None:
        host.write("etc/pip.conf", "[global]\nindex-url = file")
        host.env["PIP_CONFIG_FILE"] = "/dev/null"

        assert host.pip() == {}

    def test_a_file_that_is_no_configuration_is_passed_over(self, host: Host) -> None:
        host.write("etc/pip.conf", "index-url = without a section")

        assert host.pip() == {}


class TestUv:
    """uv's own order of precedence."""

    def test_the_user_wins_over_the_host(self, host: Host) -> None:
        host.write("etc/uv/uv.toml", '[[index]]\nurl = "https://host"\ndefault = true')
        host.write("home/.config/uv/uv.toml", 'index-url = "https://user"')

        assert host.uv() == {"index-url": "https://user"}

    def test_variables_win_and_may_name_the_index(self, host: Host) -> None:
        host.write("etc/uv/uv.toml", 'index-url = "https://host"')
        host.env |= {"UV_INDEX_URL": "https://old-way", "UV_DEFAULT_INDEX": "company=https://new-way"}

        assert host.uv() == {"index-url": "https://new-way"}

    def test_no_config_leaves_the_files_out(self, host: Host) -> None:
        host.write("etc/uv/uv.toml", 'index-url = "https://host"')
        host.env["UV_NO_CONFIG"] = "1"

        assert host.uv() == {}


class TestSecrets:
    """Three files, or fewer: nothing is written that the host does not say."""

    def test_index_and_bundle(self, host: Host) -> None:
        host.env["PIP_INDEX_URL"] = INDEX

        assert host.files() == {
            "pip.conf": f"[global]\nindex-url = {INDEX}\ncert = /etc/ssl/certs/ca-certificates.crt\n",
            "uv.toml": f'system-certs = true\n[[index]]\nurl = "{INDEX}"\ndefault = true\n',
            "ca-certificates": "the certificates",
        }

    def test_without_an_index_none_is_written(self, host: Host) -> None:
        files = host.files()

        assert files["pip.conf"] == "[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n"
        assert files["uv.toml"] == "system-certs = true\n"

    def test_uv_is_asked_before_pip(self, host: Host) -> None:
        host.env |= {"PIP_INDEX_URL": "https://pip.example.com", "UV_DEFAULT_INDEX": "https://uv.example.com"}

        assert "https://uv.example.com" in host.files()["pip.conf"]

    def test_a_waived_certificate_goes_along_for_the_index_alone(self, host: Host) -> None:
        host.env |= {"PIP_INDEX_URL": "http://index.example.com/x", "PIP_TRUSTED_HOST": "other index.example.com"}
        files = host.files()

        assert "\ntrusted-host = index.example.com\n" in files["pip.conf"]
        assert '\nallow-insecure-host = ["index.example.com"]\n' in files["uv.toml"]
        assert "other" not in files["pip.conf"] + files["uv.toml"]

    def test_what_is_left_out_is_named(self, host: Host) -> None:
        host.write("etc/pip.conf", "[global]\nindex-url = file:///srv/simple\nextra-index-url = https://more")
        host.env["UV_FIND_LINKS"] = "/srv/wheels"

        assert "index-url" not in host.files()["pip.conf"]
        assert host.secrets().notes == (
            "pip's extra indexes are left out: every package comes from one index",
            "pip's index is left out: it is a folder of this host, which a build cannot see",
            "uv's find-links is left out: name its folder with wheelhouse= (--wheelhouse)",
        )

    def test_nothing_of_it_is_shown(self, host: Host) -> None:
        host.env["PIP_INDEX_URL"] = INDEX

        assert "secret" not in repr(host.secrets())
        assert "secret" not in str(host.secrets().notes)


def test_find_links_are_the_folders_that_exist(tmp_path: Path) -> None:
    there = tmp_path / "wheels"
    there.mkdir()
    named = f"{there} file://{there} https://example.com/wheels {tmp_path}/missing"

    assert find_links({"PIP_FIND_LINKS": named, "PIP_CONFIG_FILE": "/dev/null"}, tmp_path) == (there, there)
