#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "worker/data/jsonl.h"

// A file of rows: whatever it holds, it is read or refused.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::istringstream file(std::string(reinterpret_cast<const char*>(data), size));
  std::vector<ropewalk::Row> rows;
  const absl::Status status = ropewalk::ReadJsonl(file, "fuzz.jsonl", &rows);
  if (status.ok() && rows.empty()) __builtin_trap();
  return 0;
}
