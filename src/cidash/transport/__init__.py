"""What the two HTTP worlds share: one bounded connection per host, stored bodies, waiting times, the write worker."""
