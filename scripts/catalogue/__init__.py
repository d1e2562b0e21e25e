"""How the demo brand's pictures are drawn: light, solids, props, products and pages."""
