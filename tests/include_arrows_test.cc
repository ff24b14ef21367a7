#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

// Which folder may include which: ARCHITECTURE.md's arrows, closed under "what it includes may be
// included by those above". Run with the repository as working directory.

namespace ropewalk {
namespace {

namespace fs = std::filesystem;

const std::map<std::string, std::set<std::string>>& Arrows() {
  static const auto* const arrows = new std::map<std::string, std::set<std::string>>{
      {"services/common", {}},
      {"services/registry",
       {"services/registry/access", "services/registry/hub", "services/registry/postgres",
        "services/registry/s3", "services/registry/upstream", "services/registry/webhooks",
        "services/registry/xet", "services/common"}},
      {"services/registry/access", {"services/registry", "services/common"}},
      {"services/registry/hub",
       {"services/registry", "services/registry/access", "services/registry/xet",
        "services/common"}},
      {"services/registry/postgres", {"services/registry", "services/common"}},
      {"services/registry/s3", {"services/registry", "services/common"}},
      {"services/registry/upstream",
       {"services/registry", "services/registry/access", "services/registry/hub",
        "services/registry/xet", "services/common"}},
      {"services/registry/webhooks",
       {"services/registry", "services/registry/hub", "services/common"}},
      {"services/registry/xet", {"services/registry", "services/common"}},
      {"services/client/cluster", {"services/common"}},
      {"services/client",
       {"services/client/cluster", "services/client/commands", "services/common"}},
      {"services/client/commands",
       {"services/client", "services/client/cluster", "services/common"}},
      {"coordinator/state", {"services/common"}},
      {"coordinator/scheduler", {"coordinator/state", "services/common"}},
      {"coordinator/store", {"coordinator/state", "services/common"}},
      {"coordinator/rpc",
       {"coordinator/scheduler", "coordinator/store", "coordinator/state", "services/common"}},
      {"coordinator",
       {"coordinator/rpc", "coordinator/scheduler", "coordinator/store", "coordinator/state",
        "services/common"}},
      {"worker/tensor", {}},
      {"worker/ops", {"worker/tensor"}},
      {"worker/model", {"worker/ops", "worker/tensor", "services/common"}},
      {"worker/peft", {"worker/model", "worker/ops", "worker/tensor", "services/common"}},
      {"worker/tokenizer", {"worker/tensor", "services/common"}},
      {"worker/chat/jinja", {"services/common"}},
      {"worker/chat", {"worker/chat/jinja", "services/common"}},
      {"worker/data",
       {"worker/chat", "worker/tokenizer", "worker/ops", "worker/tensor", "services/common"}},
      {"worker/export",
       {"worker/model", "worker/peft", "worker/ops", "worker/tensor", "services/common"}},
      {"worker/generate",
       {"worker/model", "worker/tokenizer", "worker/ops", "worker/tensor", "services/common"}},
      {"worker/optim", {"worker/ops", "worker/tensor"}},
      {"worker/train",
       {"worker/export", "worker/model", "worker/peft", "worker/generate", "worker/data",
        "worker/chat", "worker/tokenizer", "worker/optim", "worker/ops", "worker/tensor",
        "services/common"}},
      {"worker/serve",
       {"worker/train", "worker/generate", "worker/model", "worker/peft", "worker/data",
        "worker/chat", "worker/tokenizer", "worker/optim", "worker/ops", "worker/tensor",
        "services/common"}},
      {"worker/ring", {"services/common"}},
      {"worker/relay", {"services/common"}},
      {"worker/agent",
       {"worker/train", "worker/ring", "worker/relay", "worker/model", "worker/peft",
        "worker/generate", "worker/data", "worker/chat", "worker/tokenizer", "worker/optim",
        "worker/ops", "worker/tensor", "services/common"}},
      {"worker",
       {"worker/agent", "worker/serve", "worker/export", "worker/train", "worker/ring",
        "worker/model", "worker/peft", "worker/generate", "worker/data", "worker/chat",
        "worker/tokenizer", "worker/optim", "worker/ops", "worker/tensor", "services/common"}},
  };
  return *arrows;
}

bool IsTest(const std::string& file) {
  return file.find("_test.") != std::string::npos || file.find("_fixture.") != std::string::npos;
}

bool IsForTests(const std::string& folder) { return folder.find("testing") != std::string::npos; }

// The folders of the repository's own headers that `file` includes; generated and foreign ones are
// not among them.
std::vector<std::string> IncludedFolders(const fs::path& file) {
  std::vector<std::string> folders;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("#include \"", 0) != 0) continue;
    const std::string path = line.substr(10, line.find('"', 10) - 10);
    const std::string folder = fs::path(path).parent_path().string();
    for (const char* own : {"coordinator", "services/", "worker/", "tests/"}) {
      if (folder.rfind(own, 0) == 0) folders.push_back(folder);
    }
  }
  return folders;
}

TEST(IncludeArrows, PointOneWay) {
  int files = 0;
  for (const auto& [folder, allowed] : Arrows()) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string file = entry.path().string();
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cc") continue;
      ++files;
      for (const std::string& included : IncludedFolders(entry.path())) {
        const bool from_tests = IsTest(file) && IsForTests(included);
        EXPECT_TRUE(included == folder || allowed.count(included) > 0 || from_tests)
            << file << " includes a header of " << included << ", which " << folder << " may not";
      }
    }
  }
  EXPECT_GT(files, 100) << "is the working directory the repository?";
}

TEST(IncludeArrows, EngineDoesNotKnowGrpc) {
  for (const std::string folder :
       {"worker/tensor", "worker/ops", "worker/model", "worker/peft", "worker/tokenizer",
        "worker/chat", "worker/chat/jinja", "worker/generate", "worker/export", "worker/data",
        "worker/optim", "worker/train", "coordinator/state", "coordinator/scheduler"}) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) {
        EXPECT_EQ(line.find("#include <grpc"), std::string::npos) << entry.path();
        EXPECT_EQ(line.find(".grpc.pb.h"), std::string::npos) << entry.path();
      }
    }
  }
}

}  // namespace
}  // namespace ropewalk
