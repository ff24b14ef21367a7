#include "services/registry/hub/hub_route.h"

#include <gtest/gtest.h>

#include <string>

namespace ropewalk {
namespace {

HubRoute Parse(const std::string& path) {
  const auto route = ParseHubRoute(path);
  EXPECT_TRUE(route.has_value()) << path;
  return route.value_or(HubRoute());
}

TEST(HubRoute, TakesAnApiPathApart) {
  EXPECT_EQ(Parse("/api/whoami-v2").call, HubCall::kWhoAmI);
  EXPECT_EQ(Parse("/api/models").call, HubCall::kList);
  EXPECT_EQ(Parse("/api/datasets").type, "datasets");
  EXPECT_EQ(Parse("/api/models/a/b").call, HubCall::kInfo);
  EXPECT_EQ(Parse("/api/models/a/b").id, "a/b");
  EXPECT_EQ(Parse("/api/models/a/b").revision, "main");
  EXPECT_EQ(Parse("/api/models/a/b/revision/v1").revision, "v1");
  EXPECT_EQ(Parse("/api/models/a/b/refs").call, HubCall::kRefs);
  EXPECT_EQ(Parse("/api/models/a/b/commits/main").call, HubCall::kCommits);
  EXPECT_EQ(Parse("/api/models/a/b/paths-info/main").call, HubCall::kPathsInfo);
  EXPECT_EQ(Parse("/api/models/a/b/auth-check/write").call, HubCall::kAuthCheck);
}

TEST(HubRoute, KeepsAnEncodedSlashInARevision) {
  const HubRoute tree = Parse("/api/models/a/b/tree/refs%2Fpr%2F1/sub/x%20y");
  EXPECT_EQ(tree.call, HubCall::kTree);
  EXPECT_EQ(tree.revision, "refs/pr/1");
  EXPECT_EQ(tree.path, "sub/x y");
}

TEST(HubRoute, TakesADownloadApart) {
  const HubRoute model = Parse("/a/b/resolve/main/sub/f.json");
  EXPECT_EQ(model.call, HubCall::kResolve);
  EXPECT_EQ(model.type, "models");
  EXPECT_EQ(model.id, "a/b");
  EXPECT_EQ(model.path, "sub/f.json");
  const HubRoute dataset = Parse("/datasets/a/b/resolve/v1/f");
  EXPECT_EQ(dataset.type, "datasets");
  EXPECT_EQ(dataset.id, "a/b");
  EXPECT_EQ(dataset.revision, "v1");
}

TEST(HubRoute, TakesTheAddressesOfUploadsApart) {
  const HubRoute object = Parse("/lfs/objects/0123");
  EXPECT_EQ(object.call, HubCall::kLfsUpload);
  EXPECT_EQ(object.path, "0123");
  const HubRoute part = Parse("/lfs/parts/0123/4");
  EXPECT_EQ(part.call, HubCall::kLfsPart);
  EXPECT_EQ(part.path, "0123/4");
}

TEST(HubRoute, KnowsNothingElse) {
  for (const char* const path :
       {"/", "", "api/models", "/api", "/api/pictures", "/api/models/a", "/api/models/a/b/c",
        "/api/models/a/b/revision", "/api/models/a/b/tree", "/a/b/resolve/main", "/a/b",
        "/a/b/raw/main/f", "/api/models/a/b/revision/%zz", "/a/b/resolve/main/%00"}) {
    EXPECT_FALSE(ParseHubRoute(path).has_value()) << path;
  }
}

}  // namespace
}  // namespace ropewalk
