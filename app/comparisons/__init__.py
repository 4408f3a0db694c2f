"""Fair comparison of professionals and programmes: figures of whole groups, fixed once made."""
