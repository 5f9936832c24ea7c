CREATE DATABASE activemq;
CREATE USER 'understudy'@'%' IDENTIFIED BY 'understudy';
GRANT SELECT ON activemq.* TO 'understudy'@'%';
CREATE USER 'broker_a'@'%' IDENTIFIED BY 'understudy';
GRANT ALL ON activemq.* TO 'broker_a'@'%';
CREATE USER 'broker_b'@'%' IDENTIFIED BY 'understudy';
GRANT ALL ON activemq.* TO 'broker_b'@'%';
GRANT PROCESS ON *.* TO 'understudy'@'%';
