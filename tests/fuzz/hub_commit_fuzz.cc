#include <cstddef>
#include <cstdint>
#include <string>

#include "services/registry/hub/commit_decoder.h"

namespace ropewalk {
namespace {

// Remembers what it was told, as text.
class Transcript final : public CommitSink {
 public:
  absl::Status BeginContent() override { return Add("begin"); }
  absl::Status AppendContent(absl::string_view bytes) override { return Add(bytes); }
  absl::Status EndContent() override { return Add("end"); }
  absl::Status TakeLine(const nlohmann::json& line) override {
    return Add(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }

  std::string text;

 private:
  absl::Status Add(absl::string_view what) {
    text.append(what.data(), what.size());
    return absl::OkStatus();
  }
};

// What the body says if it comes in pieces of `step` bytes; "refused" if it is.
std::string Decode(absl::string_view body, size_t step) {
  Transcript transcript;
  CommitDecoder decoder(&transcript);
  absl::Status status;
  for (size_t i = 0; status.ok() && i < body.size(); i += step) {
    status = decoder.Append(body.substr(i, step));
  }
  if (status.ok()) status = decoder.Finish();
  return status.ok() ? transcript.text : "refused";
}

}  // namespace
}  // namespace ropewalk

// The body of a commit: whatever it holds, and wherever its pieces end, it says the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view body(reinterpret_cast<const char*>(data), size);
  const std::string whole = ropewalk::Decode(body, size == 0 ? 1 : size);
  if (ropewalk::Decode(body, 1) != whole || ropewalk::Decode(body, 7) != whole) __builtin_trap();
  return 0;
}
