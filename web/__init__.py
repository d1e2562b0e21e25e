"""What the Flask faces share: sessions, csrf, paging, filters and error pages."""
