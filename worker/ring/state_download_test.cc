#include "worker/ring/state_download.h"

#include <gtest/gtest.h>
#include <xxhash.h>

namespace ropewalk {
namespace {

constexpr char kState[] = "the state of a job";

v1::PullStateResponse First(const std::string& whole, const std::string& data) {
  v1::PullStateResponse response;
  response.set_total_bytes(static_cast<int64_t>(whole.size()));
  response.set_digest(XXH64(whole.data(), whole.size(), 0));
  response.set_data(data);
  return response;
}

v1::PullStateResponse Next(const std::string& data) {
  v1::PullStateResponse response;
  response.set_data(data);
  return response;
}

TEST(StateDownload, JoinsWhatSeveralStreamsBring) {
  StateDownload download;
  ASSERT_TRUE(download.Append(First(kState, "the sta"), true).ok());
  ASSERT_TRUE(download.Append(Next("te of"), false).ok());
  EXPECT_EQ(download.offset(), 12);
  ASSERT_TRUE(download.Append(First(kState, " a job"), true).ok());
  EXPECT_EQ(std::move(download).Finish().value(), kState);
}

TEST(StateDownload, TakesAnEmptyState) {
  StateDownload download;
  ASSERT_TRUE(download.Append(First("", ""), true).ok());
  EXPECT_EQ(std::move(download).Finish().value(), "");
}

TEST(StateDownload, RefusesAnotherStateHalfway) {
  StateDownload download;
  ASSERT_TRUE(download.Append(First(kState, "the"), true).ok());
  EXPECT_TRUE(absl::IsDataLoss(download.Append(First("another state", "x"), true)));
}

TEST(StateDownload, RefusesMoreThanAnnounced) {
  StateDownload download;
  EXPECT_TRUE(absl::IsDataLoss(download.Append(First("ab", "abc"), true)));
}

TEST(StateDownload, RefusesLessThanAnnounced) {
  StateDownload download;
  ASSERT_TRUE(download.Append(First(kState, "the"), true).ok());
  EXPECT_TRUE(absl::IsDataLoss(std::move(download).Finish().status()));
}

TEST(StateDownload, RefusesAWrongByte) {
  StateDownload download;
  ASSERT_TRUE(download.Append(First(kState, "The state of a job"), true).ok());
  EXPECT_TRUE(absl::IsDataLoss(std::move(download).Finish().status()));
}

}  // namespace
}  // namespace ropewalk
