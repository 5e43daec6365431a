"""What ran and what came of it, told in text or JSON. Renderers are pure: report → str."""
