"""Chunk -> CandidateTriples."""
