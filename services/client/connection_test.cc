#include "services/client/connection.h"

#include <gtest/gtest.h>

#include <map>

#include "services/client/cluster/cluster_file.h"
#include "services/common/files.h"

namespace ropewalk {
namespace {

class ConnectionTest : public ::testing::Test {
 protected:
  ConnectionTest() : state_(::testing::TempDir() + "connection_test") {
    EXPECT_TRUE(MakeFolders(state_).ok());
    ClusterFile cluster;
    cluster.members = {{"coordinator", {}, "127.0.0.1:1", "", ""},
                       {"registry", {}, "127.0.0.1:2", "", ""}};
    EXPECT_TRUE(WriteClusterFile(state_, cluster).ok());
  }
  ~ConnectionTest() override { EXPECT_TRUE(RemoveAll(state_).ok()); }

  Addresses Resolve(const ConnectionFlags& flags) {
    const auto addresses =
        ResolveAddresses(flags, [this](const std::string& name) { return environment_[name]; });
    EXPECT_TRUE(addresses.ok()) << addresses.status();
    return addresses.ok() ? *addresses : Addresses();
  }

  const std::string state_;
  std::map<std::string, std::string> environment_;
};

TEST_F(ConnectionTest, FallsBackToTheDefaultPorts) {
  EXPECT_EQ(Resolve({}).coordinator, "127.0.0.1:7070");
  EXPECT_EQ(Resolve({}).registry, "127.0.0.1:7080");
}

TEST_F(ConnectionTest, ReadsTheClusterOfAStateFolder) {
  EXPECT_EQ(Resolve({"", "", state_}).coordinator, "127.0.0.1:1");
  EXPECT_EQ(Resolve({"", "", state_}).registry, "127.0.0.1:2");
}

TEST_F(ConnectionTest, PrefersAddressesToTheStateFolder) {
  const Addresses addresses = Resolve({"host:9", "", state_});
  EXPECT_EQ(addresses.coordinator, "host:9");
  EXPECT_EQ(addresses.registry, "127.0.0.1:2");
}

TEST_F(ConnectionTest, PrefersFlagsToTheEnvironment) {
  environment_["ROPEWALK_COORDINATOR"] = "elsewhere:5";
  EXPECT_EQ(Resolve({}).coordinator, "elsewhere:5");
  EXPECT_EQ(Resolve({"", "", state_}).coordinator, "127.0.0.1:1");
}

TEST_F(ConnectionTest, ReadsTheClusterOfTheEnvironment) {
  environment_["ROPEWALK_STATE"] = state_;
  EXPECT_EQ(Resolve({}).registry, "127.0.0.1:2");
}

TEST_F(ConnectionTest, SaysWhenNoClusterRuns) {
  const auto addresses = ResolveAddresses({"", "", state_ + "/none"},
                                          [](const std::string&) { return std::string(); });
  EXPECT_TRUE(absl::IsNotFound(addresses.status()));
}

}  // namespace
}  // namespace ropewalk
