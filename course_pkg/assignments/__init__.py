"""Problem sets: read and checked, released, their tests tested, and bundled for students."""
