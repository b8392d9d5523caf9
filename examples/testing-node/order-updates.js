import { createWebhookReceiver, latestStatus } from '8x8-sms-guard/webhooks';

/** Tells people when their order comes, and remembers what became of each message. */
export function createOrderUpdates(sms, webhookAuthorization) {
  const statuses = new Map();
  const receiver = createWebhookReceiver({
    client: sms,
    authentication: { authorization: webhookAuthorization },
    handlers: {
      onDeliveryReceipt({ clientMessageId, status }) {
        // Receipts come in any order.
        statuses.set(clientMessageId, latestStatus(statuses.get(clientMessageId), status));
      },
    },
  });
  return {
    /** The route for 8x8's webhooks. */
    handleWebhook: receiver.handle,
    async announce(orderId, destination, scheduled) {
      const text = `Your order ${orderId} comes today.`;
      await sms.messages.send({ destination, text, clientMessageId: orderId, scheduled });
    },
    /** 8x8's state of the message about an order; undefined before the first receipt. */
    stateOf: (orderId) => statuses.get(orderId)?.state,
  };
}
