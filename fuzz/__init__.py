"""Coverage-guided fuzzing of every parser of bytes that come from strangers, with its corpora."""
