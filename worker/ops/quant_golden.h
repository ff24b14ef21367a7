#pragma once

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"

// What the tests of the quantised formats share.

namespace ropewalk {

// tests/golden/quant/make_quant.py says how the file came about.
inline const nlohmann::json& QuantGolden() {
  static const auto* golden =
      new nlohmann::json(nlohmann::json::parse(std::ifstream("tests/golden/quant/codecs.json")));
  return *golden;
}

// An array of the file.
template <typename T>
std::vector<T> FromHex(const std::string& hex) {
  const std::string bytes = absl::HexStringToBytes(hex);
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

}  // namespace ropewalk
