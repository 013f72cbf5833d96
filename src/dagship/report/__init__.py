"""Reports of a test and of a release, for people and for CI: Markdown, HTML, SARIF, Code Quality, annotations."""
