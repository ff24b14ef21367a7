#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace ropewalk {

// Reads the values of one JSON object in a config.json. A key that is absent or null leaves the
// result as it was. Errors are INVALID_ARGUMENT and name the file, the key and its value.
class ConfigReader {
 public:
  using Json = nlohmann::json;

  // Both must outlive the reader.
  ConfigReader(const Json& json, absl::string_view file) : json_(json), file_(file) {}

  const Json& json() const { return json_; }
  absl::string_view file() const { return file_; }

  // The value of a key; null if it is absent.
  const Json& Get(absl::string_view key) const;

  // A whole number from 1 to `most`; an error, too, if the key is absent and *out is 0.
  absl::Status Count(absl::string_view key, int64_t most, int64_t* out) const;

  // A number above 0, from 1e-30 to 1e30.
  absl::Status Positive(absl::string_view key, double* out) const;

  // A list of `size` such numbers; required.
  absl::Status PositiveList(absl::string_view key, size_t size, std::vector<double>* out) const;

  absl::Status Bool(absl::string_view key, bool* out) const;

  template <typename... Parts>
  absl::Status Error(const Parts&... parts) const {
    return absl::InvalidArgumentError(absl::StrCat(file_, ": ", parts...));
  }

 private:
  const Json& json_;
  const absl::string_view file_;
};

}  // namespace ropewalk
