"""`python -m mlcontainers`"""

from mlcontainers.cli import main

main()
