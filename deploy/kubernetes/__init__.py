"""Manifests for Kubernetes, and what writes those that follow from the code (`python -m deploy.kubernetes`)."""
