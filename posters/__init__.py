"""Pictures with a referral code in them: data in, JPEG bytes out."""
