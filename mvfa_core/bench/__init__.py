"""Speeds as ratios within one run."""
