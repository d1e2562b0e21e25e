"""Pictures with a referral code in them: data in, JPEG bytes out.

`posters.referral.draw` a distributor's poster, `posters.material.draw` a brand's picture with her
footer, `posters.pictures.normalise` an upload. No database, no network; safe to call from many
threads.
"""
