#include "worker/ring/link_measurement.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <pthread.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "ropewalk/v1/ring_service.grpc.pb.h"
#include "services/common/grpc_status.h"
#include "services/common/status_macros.h"
#include "worker/ring/ring_channel.h"

namespace ropewalk {
namespace {

constexpr int kRoundTrips = 8;
constexpr int64_t kMessageBytes = 64 << 10;
// Under way without an answer: enough for 1 Gbit/s over 16 ms, or 10 Gbit/s over 1.6 ms.
constexpr int64_t kMessagesUnderWay = 32;
// For what is under way when the time is over, on a slow link.
constexpr absl::Duration kTimeToDrain = absl::Seconds(10);
// An address is preferred to those before it if it is faster by so much.
constexpr double kNotablyFaster = 1.1;
// So many connections are tried where one gets less than what limits a processor rather than a way,
// and preferred if they get so much more.
constexpr int kSeveral = 4;
constexpr double kNotLimitedByProcessor = 700e6;
constexpr double kWorthSeveral = 1.5;

// One MeasureLink call.
class LinkCall {
 public:
  LinkCall(const std::shared_ptr<grpc::Channel>& channel, absl::Time deadline,
           RingCancellation* cancellation)
      : stub_(v1::RingService::NewStub(channel)),
        listener_(cancellation, [this](const absl::Status&) { context_.TryCancel(); }) {
    context_.set_deadline(absl::ToChronoTime(deadline));
    stream_ = stub_->MeasureLink(&context_);
  }

  bool Send(const v1::MeasureLinkRequest& request) { return stream_->Write(request); }
  bool AwaitAnswer() { return stream_->Read(&response_); }
  // Of who gave the last answer.
  const std::string& incarnation() const { return response_.incarnation(); }

  absl::Status Finish() {
    stream_->WritesDone();
    while (AwaitAnswer()) {
    }
    return FromGrpcStatus(stream_->Finish());
  }

 private:
  const std::unique_ptr<v1::RingService::Stub> stub_;
  grpc::ClientContext context_;
  const RingCancellation::Listener listener_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::MeasureLinkRequest, v1::MeasureLinkResponse>>
      stream_;
  v1::MeasureLinkResponse response_;
};

// Infinite if the call broke.
absl::Duration FastestRoundTrip(LinkCall& call) {
  absl::Duration fastest = absl::InfiniteDuration();
  for (int i = 0; i < kRoundTrips; ++i) {
    const absl::Time start = absl::Now();
    if (!call.Send({}) || !call.AwaitAnswer()) break;
    fastest = std::min(fastest, absl::Now() - start);
  }
  return fastest;
}

// When each message that was sent had arrived.
std::vector<absl::Time> SendForAWhile(LinkCall& call, const LinkMeasurementOptions& options) {
  v1::MeasureLinkRequest request;
  request.set_data(std::string(kMessageBytes, '\0'));
  const absl::Time end = absl::Now() + options.sending_time;
  std::vector<absl::Time> arrivals;
  const auto await_answer = [&] {
    if (!call.AwaitAnswer()) return false;
    arrivals.push_back(absl::Now());
    return true;
  };
  int64_t sent = 0;
  while (sent * kMessageBytes < options.bytes && absl::Now() < end && call.Send(request)) {
    if (++sent >= kMessagesUnderWay && !await_answer()) return arrivals;
  }
  while (static_cast<int64_t>(arrivals.size()) < sent && await_answer()) {
  }
  return arrivals;
}

// Of the later half, when the connection is up to speed.
double Rate(const std::vector<absl::Time>& arrivals) {
  if (arrivals.size() < 2) return 0;
  const size_t last = arrivals.size() - 1;
  const auto bytes = static_cast<double>((last - last / 2) * kMessageBytes);
  const absl::Duration time = arrivals[last] - arrivals[last / 2];
  return bytes / absl::ToDoubleSeconds(std::max(time, absl::Nanoseconds(1)));
}

// Over as many connections at once, of which each sends its part.
absl::StatusOr<double> RateOfSeveral(const std::string& address,
                                     const LinkMeasurementOptions& options,
                                     RingCancellation* cancellation) {
  LinkMeasurementOptions part = options;
  part.bytes /= kSeveral;
  std::vector<std::vector<absl::Time>> arrivals(kSeveral);
  std::vector<absl::Status> statuses(kSeveral);
  std::vector<std::thread> threads;
  for (int i = 0; i < kSeveral; ++i) {
    threads.emplace_back([&, i] {
      pthread_setname_np(pthread_self(), "link-prober");
      LinkCall call(DialRingChannel(address), absl::Now() + options.sending_time + kTimeToDrain,
                    cancellation);
      arrivals[i] = SendForAWhile(call, part);
      statuses[i] = call.Finish();
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<absl::Time> all;
  for (int i = 0; i < kSeveral; ++i) {
    RETURN_IF_ERROR(statuses[i]);
    all.insert(all.end(), arrivals[i].begin(), arrivals[i].end());
  }
  std::sort(all.begin(), all.end());
  return Rate(all);
}

absl::StatusOr<LinkSpeed> MeasureAlong(const std::shared_ptr<grpc::Channel>& channel,
                                       const std::string& address, const std::string& incarnation,
                                       const LinkMeasurementOptions& options,
                                       RingCancellation* cancellation) {
  LinkCall call(channel, absl::Now() + options.sending_time + kTimeToDrain, cancellation);
  LinkSpeed speed;
  speed.address = address;
  speed.round_trip = FastestRoundTrip(call);
  const std::string answered = call.incarnation();
  if (answered == incarnation) speed.bytes_per_second = Rate(SendForAWhile(call, options));
  RETURN_IF_ERROR(call.Finish());
  if (answered != incarnation) return absl::UnavailableError("another process answers");
  if (options.bytes == 0 || speed.bytes_per_second > kNotLimitedByProcessor) return speed;
  ASSIGN_OR_RETURN(const double rate, RateOfSeveral(address, options, cancellation));
  if (rate < kWorthSeveral * speed.bytes_per_second) return speed;
  speed.bytes_per_second = rate;
  speed.connections = kSeveral;
  return speed;
}

// Asked for all at once, so that those who do not answer are waited for together.
std::vector<std::shared_ptr<grpc::Channel>> DialAll(const std::vector<std::string>& addresses) {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (const std::string& address : addresses) {
    channels.push_back(DialRingChannel(address));
    channels.back()->GetState(/*try_to_connect=*/true);
  }
  return channels;
}

}  // namespace

absl::StatusOr<LinkSpeed> MeasureLink(const std::vector<std::string>& addresses,
                                      const std::string& incarnation,
                                      const LinkMeasurementOptions& options,
                                      RingCancellation* cancellation) {
  RingCancellation never;
  if (cancellation == nullptr) cancellation = &never;
  const auto deadline = absl::ToChronoTime(absl::Now() + options.connect_timeout);
  const std::vector<std::shared_ptr<grpc::Channel>> channels = DialAll(addresses);
  std::optional<LinkSpeed> best;
  std::string troubles;
  for (size_t i = 0; i < addresses.size(); ++i) {
    absl::StatusOr<LinkSpeed> speed = absl::DeadlineExceededError(
        absl::StrCat("nobody answers within ", absl::FormatDuration(options.connect_timeout)));
    if (channels[i]->WaitForConnected(deadline)) {
      speed = MeasureAlong(channels[i], addresses[i], incarnation, options, cancellation);
    }
    RETURN_IF_ERROR(cancellation->status());
    if (!speed.ok()) {
      absl::StrAppend(&troubles, "; at ", addresses[i], " ", speed.status().message());
    } else if (!best.has_value() ||
               speed->bytes_per_second > kNotablyFaster * best->bytes_per_second) {
      best = *std::move(speed);
    }
  }
  if (best.has_value()) return *std::move(best);
  return absl::UnavailableError(absl::StrCat("it cannot be reached", troubles));
}

}  // namespace ropewalk
