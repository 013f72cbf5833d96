"""`diff`: finds two versions, asks what a release meets, and has them compared."""
