"""Materials (素材): published by staff, shared by distributors, counted back."""
