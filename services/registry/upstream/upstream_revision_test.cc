#include "services/registry/upstream/upstream_revision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace ropewalk {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

nlohmann::json Info() {
  const std::string oid(40, 'a');
  return {{"sha", std::string(40, '1')},
          {"siblings",
           {{{"rfilename", "config.json"}, {"size", 2}, {"blobId", oid}},
            {{"rfilename", "model.safetensors"},
             {"size", 300},
             {"blobId", oid},
             {"lfs", {{"sha256", std::string(64, 'b')}, {"size", 300}, {"pointerSize", 131}}}}}}};
}

std::string WhyNot(const nlohmann::json& info) {
  const auto revision = ParseUpstreamRevision(info.dump());
  EXPECT_TRUE(absl::IsDataLoss(revision.status())) << info;
  return std::string(revision.status().message());
}

TEST(UpstreamRevision, HasFilesWithWhatTheyAreCheckedBy) {
  const auto revision = ParseUpstreamRevision(Info().dump());
  ASSERT_TRUE(revision.ok()) << revision.status();
  EXPECT_EQ(revision->commit, std::string(40, '1'));
  EXPECT_EQ(revision->total_bytes(), 302);
  ASSERT_THAT(revision->files, SizeIs(2));
  EXPECT_EQ(revision->files[0].git_oid, std::string(40, 'a'));
  EXPECT_EQ(revision->files[0].sha256, "");
  EXPECT_EQ(revision->files[1].sha256, std::string(64, 'b'));
  EXPECT_EQ(revision->files[1].git_oid, "");
}

TEST(UpstreamRevision, MayBeOfARepositoryWithoutFiles) {
  nlohmann::json info = Info();
  info["siblings"] = nlohmann::json::array();
  EXPECT_TRUE(ParseUpstreamRevision(info.dump()).ok());
}

TEST(UpstreamRevision, IsRefusedIfSomethingIsMissingOrCannotBe) {
  EXPECT_THAT(WhyNot("text"), HasSubstr("is there a Hub"));
  EXPECT_TRUE(absl::IsDataLoss(ParseUpstreamRevision("<html>").status()));
  nlohmann::json info = Info();
  info["sha"] = "main";
  EXPECT_THAT(WhyNot(info), HasSubstr("'sha'"));
  info = Info();
  info.erase("siblings");
  EXPECT_THAT(WhyNot(info), HasSubstr("'siblings'"));
  for (const char* const path : {"../up", "/etc/passwd", "a//b", ""}) {
    info = Info();
    info["siblings"][0]["rfilename"] = path;
    EXPECT_THAT(WhyNot(info), HasSubstr("the path")) << path;
  }
  for (const nlohmann::json& size : {nlohmann::json(-1), nlohmann::json("2"), nlohmann::json(),
                                     nlohmann::json(int64_t{1} << 60)}) {
    info = Info();
    info["siblings"][0]["size"] = size;
    EXPECT_THAT(WhyNot(info), HasSubstr("config.json has no size")) << size;
  }
  info = Info();
  info["siblings"][0].erase("blobId");
  EXPECT_THAT(WhyNot(info), HasSubstr("blobId"));
  info = Info();
  info["siblings"][1]["lfs"].erase("sha256");
  EXPECT_THAT(WhyNot(info), HasSubstr("SHA-256"));
  info = Info();
  info["siblings"][0] = 1;
  EXPECT_THAT(WhyNot(info), HasSubstr("not an object"));
}

}  // namespace
}  // namespace ropewalk
