import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import javax.jms.DeliveryMode;
import javax.jms.MessageProducer;
import javax.jms.Session;
import org.apache.activemq.ActiveMQConnection;
import org.apache.activemq.ActiveMQConnectionFactory;
import org.apache.activemq.transport.TransportListener;

/**
 * ActiveMQ's own failover transport, as a JMS application uses it: one session, synchronous persistent
 * sends, one after the other. It is told and tells what peer.ts says.
 */
public final class FailoverPeer {
  public static void main(String[] args) throws Exception {
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Map<String, String> settings = new HashMap<>();
    for (String line = input.readLine(); line != null && !line.isEmpty(); line = input.readLine()) {
      int equals = line.indexOf('=');
      settings.put(line.substring(0, equals), line.substring(equals + 1));
    }
    Thread leaving = new Thread(() -> {
      try {
        while (input.readLine() != null) {}
      } catch (IOException gone) {
        // The same as its end.
      }
      // A send may be waiting for a broker that never comes: there is nothing worth saving here.
      Runtime.getRuntime().halt(0);
    });
    leaving.setDaemon(true);
    leaving.start();

    String list = Arrays.stream(settings.get("brokers").split(",")).map(broker -> "tcp://" + broker)
        .collect(Collectors.joining(","));
    ActiveMQConnectionFactory factory =
        new ActiveMQConnectionFactory("failover:(" + list + ")?" + settings.get("options"));
    factory.setUserName(settings.get("username"));
    factory.setPassword(settings.get("password"));
    factory.setUseAsyncSend(false);
    ActiveMQConnection connection = (ActiveMQConnection) factory.createConnection();
    AtomicInteger link = new AtomicInteger(1);
    connection.addTransportListener(new TransportListener() {
      @Override
      public void onCommand(Object command) {}

      @Override
      public void onException(IOException error) {}

      @Override
      public void transportInterupted() {
        tell("lost", link.getAndIncrement());
      }

      @Override
      public void transportResumed() {
        tell("connected", link.get());
      }
    });
    Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
    MessageProducer producer = session.createProducer(session.createQueue(settings.get("queue")));
    producer.setDeliveryMode(DeliveryMode.PERSISTENT);
    String body = "x".repeat(Integer.parseInt(settings.get("bodyBytes")));
    long period = Math.round(Double.parseDouble(settings.get("periodMs")) * 1e6);
    while (true) {
      long started = System.nanoTime();
      producer.send(session.createTextMessage(body));
      tell("confirm", link.get());
      long left = period - (System.nanoTime() - started);
      if (left > 0) Thread.sleep(left / 1_000_000, (int) (left % 1_000_000));
    }
  }

  private static void tell(String event, int link) {
    Instant now = Instant.now();
    String at = String.format(Locale.ROOT, "%d%03d.%03d", now.getEpochSecond(), now.getNano() / 1_000_000,
        now.getNano() / 1_000 % 1_000);
    System.out.println("{\"event\":\"" + event + "\",\"at\":" + at + ",\"link\":" + link + "}");
  }
}
