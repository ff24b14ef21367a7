#include "worker/model/parameter_layout.h"

#include <utility>

namespace ropewalk {

void ParameterLayout::Add(std::string name, std::vector<int64_t> shape, bool decay) {
  int64_t elements = 1;
  for (const int64_t dimension : shape) elements *= dimension;
  entries.push_back({std::move(name), std::move(shape), size, elements, decay});
  size += elements;
}

}  // namespace ropewalk
