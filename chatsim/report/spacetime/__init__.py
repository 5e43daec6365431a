"""The space-time diagram of a run: laid out once as a value, then drawn as text, as SVG or as Mermaid."""
