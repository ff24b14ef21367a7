#pragma once

#include <istream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "worker/data/row.h"

namespace ropewalk {

// Reads the rows of a JSONL file, appending to `rows`; row_reader.h lists the kinds. Blank lines
// are skipped. INVALID_ARGUMENT with file and line: not UTF-8, not JSON, nested deeper than 64, or
// not a row of a known kind; also if the file has no row. NOT_FOUND: it is missing.
absl::Status ReadJsonl(const std::string& path, std::vector<Row>* rows);

// The same from an open file, called `name` in messages.
absl::Status ReadJsonl(std::istream& file, const std::string& name, std::vector<Row>* rows);

}  // namespace ropewalk
