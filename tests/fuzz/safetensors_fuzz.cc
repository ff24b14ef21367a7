// Fuzzes the reader of safetensors files: whatever the bytes, it must return an error or tensors
// that lie within them.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "absl/strings/string_view.h"
#include "worker/model/float_tensor.h"
#include "worker/model/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto content = ropewalk::ParseSafetensors(bytes, "fuzz.safetensors");
  if (!content.ok()) return 0;
  for (const auto& [name, tensor] : content->tensors) {
    const char* const begin = tensor.bytes.data();
    if (begin < bytes.data() || begin + tensor.bytes.size() > bytes.data() + size) abort();
    if (!ropewalk::IsFloat(tensor.dtype)) continue;
    std::vector<float> values(tensor.bytes.size() / ropewalk::DtypeSize(tensor.dtype));
    ropewalk::ToFloat32(tensor, absl::MakeSpan(values));
  }
  return 0;
}
