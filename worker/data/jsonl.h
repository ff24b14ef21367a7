#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace ropewalk {

// A row of training data as written: a prompt with its completion, or text alone.
struct Row {
  std::string origin;  // "file:line", for messages
  bool has_prompt = false;
  std::string prompt;
  std::string text;  // the completion, if there is a prompt
};

// Reads the rows of a JSONL file, appending to `rows`. Blank lines and other keys are skipped.
// INVALID_ARGUMENT with file and line: not UTF-8, not JSON, or not a row of a known kind; also if
// the file has no row. NOT_FOUND: it is missing.
absl::Status ReadJsonl(const std::string& path, std::vector<Row>* rows);

}  // namespace ropewalk
