#include "coordinator/rpc/worker_service_impl.h"

#include "coordinator/rpc/attach_reactor.h"
#include "coordinator/rpc/unary_answer.h"

namespace ropewalk {

grpc::ServerBidiReactor<v1::AttachRequest, v1::AttachResponse>* WorkerServiceImpl::Attach(
    grpc::CallbackServerContext* context) {
  return AttachReactor::Start(coordinator_);
}

grpc::ServerUnaryReactor* WorkerServiceImpl::GetWorker(grpc::CallbackServerContext* context,
                                                       const v1::GetWorkerRequest* request,
                                                       v1::Worker* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  coordinator_->GetWorker(request->name(), AnswerTo(reactor, response));
  return reactor;
}

grpc::ServerUnaryReactor* WorkerServiceImpl::ListWorkers(grpc::CallbackServerContext* context,
                                                         const v1::ListWorkersRequest* request,
                                                         v1::ListWorkersResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  coordinator_->ListWorkers(*request, AnswerTo(reactor, response));
  return reactor;
}

grpc::ServerUnaryReactor* WorkerServiceImpl::DrainWorker(grpc::CallbackServerContext* context,
                                                         const v1::DrainWorkerRequest* request,
                                                         v1::Worker* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  coordinator_->DrainWorker(request->name(), AnswerTo(reactor, response));
  return reactor;
}

}  // namespace ropewalk
