#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "services/common/clock.h"
#include "services/common/files.h"
#include "services/registry/file_blob_store.h"
#include "services/registry/hub/hub_handler.h"
#include "services/registry/registry.h"
#include "services/registry/sqlite_metadata_store.h"

namespace ropewalk {
namespace {

// A registry with one model in a folder of its own.
class Hub {
 public:
  Hub() {
    MakeFolders(folder_).IgnoreError();
    metadata_ = *SqliteMetadataStore::Open(folder_ + "/registry.db");
    blobs_ = *FileBlobStore::Open(folder_, Clock::Real());
    registry_ =
        std::make_unique<Registry>(blobs_.get(), metadata_.get(), Clock::Real(), absl::Hours(1));
    access_ = std::make_unique<AccessControl>(metadata_.get(), Clock::Real(), AccessOptions());
    handler_ = std::make_unique<HubHandler>(registry_.get(), access_.get(), Clock::Real());
    std::atexit([] { RemoveAll(FolderPath()).IgnoreError(); });
    Ask("POST", "/api/repos/create", R"({"organization": "a", "name": "b"})");
    Ask("POST", "/api/models/a/b/commit/main",
        R"({"key": "file", "value": {"content": "YQ==", "path": "f", "encoding": "base64"}})");
  }

  void Ask(const std::string& method, const std::string& target, const std::string& body) {
    HttpRequest request;
    request.method = method;
    const size_t question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string::npos) request.query = target.substr(question + 1);
    request.headers = {{"host", "h"}, {"content-type", "application/json"}, {"range", "bytes=0-1"}};
    const auto exchange = handler_->Begin(request);
    const auto early = body.empty() ? std::nullopt : exchange->Append(body);
    const HttpResponse response = early.has_value() ? *early : exchange->Finish();
    for (const auto& [name, value] : response.headers) {
      if (value.find_first_of("\r\n") != std::string::npos) __builtin_trap();
    }
    if (response.status == 500) __builtin_trap();
  }

 private:
  static std::string FolderPath() {
    static const std::string path =
        (std::filesystem::temp_directory_path() / ("hub-fuzz-" + std::to_string(getpid())))
            .string();
    return path;
  }

  const std::string folder_ = FolderPath();
  std::unique_ptr<SqliteMetadataStore> metadata_;
  std::unique_ptr<FileBlobStore> blobs_;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<AccessControl> access_;
  std::unique_ptr<HubHandler> handler_;
};

}  // namespace
}  // namespace ropewalk

// A request, as "METHOD TARGET" and after a line feed the body: whatever it is, it is answered,
// with no header begun by what it holds and without an error of the registry's own.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* const hub = new ropewalk::Hub();
  const std::string text(reinterpret_cast<const char*>(data), size);
  const size_t line = text.find('\n');
  const std::string head = text.substr(0, line);
  const size_t space = head.find(' ');
  if (line == std::string::npos || space == std::string::npos) return 0;
  hub->Ask(head.substr(0, space), head.substr(space + 1), text.substr(line + 1));
  return 0;
}
