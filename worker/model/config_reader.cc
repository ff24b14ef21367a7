#include "worker/model/config_reader.h"

namespace ropewalk {
namespace {

// Beyond these, formulas would overflow.
constexpr double kLeast = 1e-30;
constexpr double kMost = 1e30;

bool IsPositive(const nlohmann::json& value) {
  return value.is_number() && value.get<double>() >= kLeast && value.get<double>() <= kMost;
}

}  // namespace

const nlohmann::json& ConfigReader::Get(absl::string_view key) const {
  static const Json* const null = new Json();
  const auto it = json_.find(std::string(key));
  return it == json_.end() ? *null : *it;
}

absl::Status ConfigReader::Count(absl::string_view key, int64_t most, int64_t* out) const {
  const Json& value = Get(key);
  if (value.is_null()) return *out > 0 ? absl::OkStatus() : Error("'", key, "' is missing");
  if (!value.is_number_unsigned() || value.get<uint64_t>() == 0 ||
      value.get<uint64_t>() > static_cast<uint64_t>(most)) {
    return Error("'", key, "' is ", value.dump(), ", not a whole number from 1 to ", most);
  }
  *out = value.get<int64_t>();
  return absl::OkStatus();
}

absl::Status ConfigReader::Positive(absl::string_view key, double* out) const {
  const Json& value = Get(key);
  if (value.is_null()) return absl::OkStatus();
  if (!IsPositive(value)) return Error("'", key, "' is ", value.dump(), ", not a positive number");
  *out = value.get<double>();
  return absl::OkStatus();
}

absl::Status ConfigReader::PositiveList(absl::string_view key, size_t size,
                                        std::vector<double>* out) const {
  const Json& values = Get(key);
  if (!values.is_array() || values.size() != size) {
    return Error("'", key, "' is not a list of ", size, " numbers, one for each pair of a head");
  }
  for (const Json& value : values) {
    if (!IsPositive(value)) return Error("'", key, "' has ", value.dump(), ", not above 0");
    out->push_back(value.get<double>());
  }
  return absl::OkStatus();
}

absl::Status ConfigReader::Bool(absl::string_view key, bool* out) const {
  const Json& value = Get(key);
  if (value.is_null()) return absl::OkStatus();
  if (!value.is_boolean()) return Error("'", key, "' is ", value.dump(), ", not true or false");
  *out = value.get<bool>();
  return absl::OkStatus();
}

}  // namespace ropewalk
