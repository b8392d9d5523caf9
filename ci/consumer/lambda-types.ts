// The handler fits the types that teams write for AWS Lambda (`@types/aws-lambda`). Only compiled.
import { toLambdaHandler, type WebhookReceiver } from '8x8-sms-guard/webhooks';
import type {
  ALBEvent,
  ALBHandler,
  ALBResult,
  APIGatewayProxyEventV2,
  APIGatewayProxyHandler,
  APIGatewayProxyHandlerV2,
  LambdaFunctionURLHandler,
} from 'aws-lambda';

declare const receiver: WebhookReceiver;
export const restApi: APIGatewayProxyHandler = toLambdaHandler(receiver);
export const httpApi: APIGatewayProxyHandlerV2 = toLambdaHandler(receiver);
export const functionUrl: LambdaFunctionURLHandler = toLambdaHandler(receiver);
export const loadBalancer: ALBHandler = toLambdaHandler(receiver);

const withAddress = toLambdaHandler(receiver, {
  remoteAddress: ({ headers }: ALBEvent) => headers?.['x-forwarded-for']?.split(',').at(-1),
});
export const wrapped = (event: ALBEvent): Promise<ALBResult> => withAddress(event);
export const called = (event: APIGatewayProxyEventV2) => toLambdaHandler(receiver)(event);
