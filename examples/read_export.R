# Read an export of responses in R: is it whole, what was answered, what was not, and why.
# Needs R alone:
#
#     Rscript examples/read_export.R responses.csv

read_export <- function(path) {
  # Everything as text at first: an identifier such as 007 is no number.
  table <- read.csv(path, colClasses = "character", na.strings = "", check.names = FALSE,
                    encoding = "UTF-8")
  last <- table$record[nrow(table)]
  told <- regmatches(last, regexec("^end rows=([0-9]+) sha256=([0-9a-f]{64}) as_of=", last))[[1]]
  rows <- table[table$record == "row", ]
  if (length(told) == 0 || nrow(rows) != as.integer(told[2])) {
    stop(path, " is not whole: fetch it again.", call. = FALSE)
  }
  # What could be taken for a formula has a ' before it, and so has what begins with one.
  rows[] <- lapply(rows, function(column) sub("^'", "", column))
  rows
}

items_of <- function(rows) {
  names <- grep("^item_", names(rows), value = TRUE)
  names <- names[!endsWith(names, "_state")]
  states <- sort(unique(unlist(rows[paste0(names, "_state")])))
  table <- t(sapply(names, function(name) table(factor(rows[[paste0(name, "_state")]], states))))
  # Empty cells are left out of a mean; none of them is a zero.
  means <- sapply(names, function(name) round(mean(as.numeric(rows[[name]]), na.rm = TRUE), 2))
  cbind(as.data.frame(table), mean = means)
}

rows <- read_export(commandArgs(trailingOnly = TRUE)[1])
received <- as.Date(substr(rows$received_at, 1, 10))
cat(nrow(rows), "responses in", length(unique(rows$alliance_id)), "alliances\n")
cat("the last one received on", format(max(received)), "\n")
print(items_of(rows))
