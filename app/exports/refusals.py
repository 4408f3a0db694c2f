"""What exports refuse."""

from app.errors import Conflict


class ExportConflict(Conflict):
    """Where the export stands, or how many there are, is against it."""

    code = "export_conflict"
    title = "The export does not stand like that"
