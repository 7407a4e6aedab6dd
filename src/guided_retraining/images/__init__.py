"""Arrays of images that are indexed and never copied whole, and the pool of clean and adversarial ones."""
