"""The pages of the volunteers at the desks, for phones first."""
