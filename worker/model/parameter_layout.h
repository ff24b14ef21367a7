#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ropewalk {

// A tensor's place in the flat vector of parameters.
struct ParameterEntry {
  std::string name;  // as in the exported files
  std::vector<int64_t> shape;
  int64_t offset = 0;  // in elements
  int64_t size = 0;
  bool decay = true;       // weight decay applies
  bool per_token = false;  // a row for each token: an embedding or the output layer
  double learning_rate_factor = 1;
};

// All that is trained, as one flat float32 vector. Entries follow one another without gaps; their
// order depends on the model and the method alone, so that every worker has the same.
struct ParameterLayout {
  std::vector<ParameterEntry> entries;
  int64_t size = 0;

  // Appends a tensor.
  void Add(std::string name, std::vector<int64_t> shape, bool decay);
};

}  // namespace ropewalk
