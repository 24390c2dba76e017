"""From the package index's pages and wheels to records: pure, so that whoever reads the index is somebody else."""
