"""Reports as GitHub and GitLab Flavored Markdown."""
