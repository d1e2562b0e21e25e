"""The pictures: do they look right to a phone's QR reader, and to people with rare names?"""
