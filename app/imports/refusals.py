"""Problems that only imports can have."""

from app.errors import Conflict, Problem


class UploadCut(Problem):
    """A file stopped coming before it was whole."""

    status = 408
    code = "upload_cut"
    title = "Not all of the file has come"


class ImportConflict(Conflict):
    """Where the import stands, or how many there are, is against it."""

    code = "import_conflict"
    title = "The import does not stand like that"
