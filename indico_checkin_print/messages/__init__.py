"""What leaves Indico: the envelope of a job, the data of a webhook, their schema."""
