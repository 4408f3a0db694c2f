"""How quick an export is beside `COPY TO STDOUT` of the same columns, and what memory it takes."""
