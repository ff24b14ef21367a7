#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/state/link_table.h"
#include "coordinator/state/relay_table.h"

namespace ropewalk {

inline v1::Member Worker(const std::string& name, const std::string& incarnation = "1") {
  v1::Member member;
  member.set_worker("workers/" + name);
  member.set_incarnation(incarnation);
  member.set_ring_address(name + ":7090");
  return member;
}

inline v1::Link LinkTo(const v1::Member& peer, double bytes_per_second) {
  v1::Link link;
  link.set_worker(peer.worker());
  link.set_incarnation(peer.incarnation());
  link.set_address(peer.ring_address());
  link.set_round_trip_seconds(0.001);
  link.set_bytes_per_second(bytes_per_second);
  return link;
}

// Workers that measure what they are asked to, at a time of the test's own.
class LinkTableFixture : public testing::Test {
 protected:
  // Who is asked to measure the way to whom: "a>b".
  std::set<std::string> Asked() const {
    std::set<std::string> asked;
    for (const v1::Member& member : present_) {
      if (const auto link = table_.ToMeasure(member.worker())) {
        asked.insert(member.worker().substr(8) + ">" + link->peer().worker().substr(8));
      }
    }
    return asked;
  }
  void Plan() {
    table_.Plan(present_, now_);
    relays_.Plan(table_, present_);
  }

  // Whoever is asked to measure does, until nobody is.
  int MeasureAll(double bytes_per_second) {
    int measured = 0;
    for (Plan(); !Asked().empty(); Plan()) {
      for (const v1::Member& member : present_) {
        const auto link = table_.ToMeasure(member.worker());
        if (!link) continue;
        table_.Take(member, LinkTo(link->peer(), bytes_per_second), now_);
        ++measured;
      }
    }
    return measured;
  }

  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::vector<v1::Member> present_;
  LinkTable table_;
  RelayTable relays_;
};

}  // namespace ropewalk
